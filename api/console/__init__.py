"""What does a person in a browser see and do? Server-rendered pages; the desk and dispatch do what the forms ask for."""
