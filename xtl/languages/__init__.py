"""Languages: names and families, typology, how similar they are, and how large their corpora were."""
