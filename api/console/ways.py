"""Which link shows the way to a home? In China the map that people there have, else the phone's own."""


def route(language: str, lat: float, lon: float) -> str:
    """Return the link. Positions are WGS-84, and the map is told so; nobody's name goes along."""
    if language == "zh-CN":
        return f"https://uri.amap.com/navigation?to={lon:.6f},{lat:.6f}&coordinate=wgs84&callnative=1"
    return f"geo:{lat:.6f},{lon:.6f}?q={lat:.6f},{lon:.6f}"
