"""xtl: zero-shot cross-lingual transfer experiments, from one grid file to one report."""

__version__ = "0.1.0"
