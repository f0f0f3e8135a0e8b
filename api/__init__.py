"""Floors 3 and 4: HTTP and the console; settings, roles and the command line, which compose everything."""
