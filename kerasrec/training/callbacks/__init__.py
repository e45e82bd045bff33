"""Keras callbacks of a fit."""
