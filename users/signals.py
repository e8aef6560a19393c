"""What others may want to know of. Sent within the transaction that it is about."""

from django.dispatch import Signal

# What answers show of a person, such as their name, is another now. Sent with `user_id`.
user_profile_changed = Signal()
# Somebody is about to be removed from a project. Sent with their `membership`, and `by`: that of the admin who does it.
membership_removing = Signal()
