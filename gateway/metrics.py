"""What does a gateway count of itself?"""

from prometheus_client import Counter

stored = Counter("anju_gateway_messages_stored", "MQTT messages stored and acknowledged", ["lane"])
lane_failures = Counter("anju_gateway_lane_failures", "Batches that failed for an unexpected reason", ["lane"])
