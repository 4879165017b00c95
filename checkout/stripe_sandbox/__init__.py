"""The stand-in for Stripe on a machine without keys: a separate service with state.

Production code never imports it and reaches it only as it reaches Stripe, by HTTP.
"""
