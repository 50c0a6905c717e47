"""The API fuzzed from its own OpenAPI document, by several callers at once: `make fuzz`."""
