"""The provider's web pages."""
