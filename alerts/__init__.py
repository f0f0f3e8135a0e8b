"""Floor 2: what a person must answer, who that person is, and the way to the home and back."""
