"""How well is help given? The four statistics; each figure is counted from rows that the lists of the API show too."""
