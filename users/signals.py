"""Signals about users and memberships, sent in the transaction of the change."""

from django.dispatch import Signal

# Sent after a user's public profile, such as their name, has changed. Arguments: `user_id`.
user_profile_changed = Signal()
# Sent before a membership is deleted. Arguments: `membership`, and `by`, the membership of the acting user.
membership_removing = Signal()
