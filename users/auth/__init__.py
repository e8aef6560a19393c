"""Authentication and authorization of requests.

A request passes these steps in this order:

1. The middleware in `authentication`: a request with an API key skips sessions and CSRF protection; any other request
   gets a session.
2. `authentication`: `request.user` and `request.auth` are set from the API key of the request, or else from the session
   (`sessions`). Both kinds of `request.auth` implement `Credential` (`credentials`).
3. `users.viewsets`: the request counts against the rate limit of its API key.
4. `permissions`: the credential has the scopes of the action (`scopes`).
5. `credentials`: the user is a member of the project in the path, and the credential allows that project.
"""
