"""What every room stands on: the one exception, the machine, files written whole, where things lie."""
