"""How is the work with alerts, visits and rounds shown and counted? What the routes and reports read, and for whom."""
