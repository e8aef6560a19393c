"""Rate limits of API keys, and limits on guessing keys and passwords.

- `throttling` applies the rate limit of an API key to a request; `limiter` counts its requests, and shares the count
  with other processes through the database (`store`).
- `failed_keys` limits requests with unknown keys from one network.
- `login_attempts` limits attempts at passwords, those of shared dashboards included.
"""
