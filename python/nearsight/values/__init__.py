"""What people hand over, checked once, here: text, pages, places, boxes, JSON and its patches."""
