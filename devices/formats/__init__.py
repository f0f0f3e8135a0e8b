"""How does each vendor speak? One small pure module a vendor: (topic, bytes) in, typed messages or the reason why not out."""
