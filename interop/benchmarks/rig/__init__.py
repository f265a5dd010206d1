"""The load rig: starts a gateway, its phones and its apps, and measures what they cost."""
