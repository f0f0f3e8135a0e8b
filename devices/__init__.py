"""Floor 1: what stands in which home, what it says and how healthy it is."""
