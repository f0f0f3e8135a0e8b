"""Floor 3: MQTT in and out. What homes say goes into the database before the broker hears that we have it."""
