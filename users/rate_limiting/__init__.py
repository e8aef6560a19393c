"""Rate limits of API keys, and limits on guessing keys and passwords.

- `limiter` counts the requests of an API key, and shares the count with other processes through the database
  (`store`).
- `failed_keys` limits requests with invalid keys from one network.
- `attempts` limits attempts at passwords, including the passwords of shared dashboards.
"""
