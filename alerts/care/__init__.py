"""Who must be seen when, was he, and what becomes of it when he was not?"""
