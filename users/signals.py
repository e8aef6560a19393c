"""What others may want to know of. Sent within the transaction that it is about."""

from django.dispatch import Signal

# What answers show of a person, such as their name, is another now. Sent with `user_id`.
person_changed = Signal()
# Somebody is about to leave a project. Sent with `membership`, theirs, and `by`, that of who puts them out.
member_leaves = Signal()
