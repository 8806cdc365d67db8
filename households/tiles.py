"""What waits for the user, by the name the floors above know it: see `common.tiles`."""

from common.tiles import Tile, register, tiles_for

__all__ = ["Tile", "register", "tiles_for"]
