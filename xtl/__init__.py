"""xtl: zero-shot cross-lingual transfer experiments, from one grid file to one report."""

import sys
import warnings

__version__ = "0.1.0"

# nbformat imports jsonschema, which compiles a grammar of international URIs where it finds this package (JupyterLab
# brings it): two seconds in every process, for a format that no notebook has. None makes it not to be found.
sys.modules.setdefault("rfc3987_syntax", None)

# tqdm's, when the data library is imported in a notebook without widgets: meant for whoever installs it.
warnings.filterwarnings("ignore", message="IProgress not found")
