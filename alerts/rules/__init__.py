"""Early warnings: what do changes at homes mean, and who must know? Pure decisions, a module a rule."""
