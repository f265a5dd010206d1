"""A client of the gateway that knows the user's page (voice-call-signaling.md) and real WebRTC media."""
