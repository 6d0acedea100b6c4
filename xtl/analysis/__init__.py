"""From score tables to statements: tables, gains, intervals, similarity and figures."""
