"""A small Obsidian vault: the workshop, two trips, two days of the daily notes."""

from __future__ import annotations

from pathlib import Path

from sample_library.common import write_text

_NOTES = {
    "Workshop/Wheat paste.md": """
        ---
        title: Wheat paste
        tags: [workshop, materials]
        created: 2022-11-06
        aliases: [flour paste]
        ---

        # Wheat paste

        What we use for leather and for every repair that somebody may want to undo in a hundred years.
        See also [[St Aldhelm registers]].

        ## Cooking

        1. One part wheat starch to five parts water, by volume. Soak it for at least an hour.
        2. Stir on a low flame until it turns from milk to glass. It takes twenty minutes; Samir says fifteen and is
           always wrong.
        3. Leave it to cool with a damp cloth on top, so that no skin forms.
        4. Press it through a nylon stocking, twice for leather, because every grain shows as a pimple afterwards.

        ## Keeping it

        Three drops of clove oil keep mildew away, and a jar of paste lasts two weeks in the fridge.
        Without them it grows fur by the fourth day and the whole bench smells of feet.

        Thin it with cold water only. Hot water makes it stringy.

        ## Where the starch comes from

        Fenwick sells it in 2 kg bags. The health food shop on Castle Street has the same thing for half as much.
        """,
    "Workshop/St Aldhelm registers.md": """
        ---
        title: St Aldhelm registers
        tags: [workshop, job, church]
        customer: Rev. Thomas Abell
        started: 2024-02-26
        status: finished
        ---

        # St Aldhelm registers

        Four registers of the parish of St Aldhelm: baptisms 1783-1812, marriages 1812-1837, burials 1790-1841, and the
        vestry book. They were waiting on the lower shelf when the pipe burst, see [[2024-02-19]].

        ## Condition on arrival

        - Marriages 1812: one brass clasp missing, spine gone, sewing sound.
        - Vestry book: tide line across the first forty leaves, a pressed primrose at the page for May 1801. Left it
          there.
        - Burials: iron-gall ink has eaten through in places. Do not flex.

        ## Rescue after the flood

        Interleave with blotting paper and change it every four hours the first day. Volumes stand on their heads,
        fanned open, with the table fan blowing past them and never at them.
        No radiator and no hairdryer: heat glues the size together and the leaf will never open again.

        ## Log

        - 2024-02-26 Last leaf flat. Nora can breathe.
        - 2024-03-18 Sewing finished on five raised cords.
        - 2024-04-16 Covered in half calf, the colour of strong tea, with [[Wheat paste]].
        - 2024-04-30 Titles tooled. The missing clasp was cast by Owen at the foundry from the one that survived.
        - 2024-05-03 Invoiced.
        """,
    "Trips/Bruges 2023.md": """
        ---
        title: Bruges 2023
        tags: [trip]
        from: 2023-04-08
        to: 2023-04-12
        ---

        # Bruges, Easter 2023

        Train all the way, which Ella counted as the best part. Hotel: [[Huis ter Linde]], room under the roof, bells
        every quarter of an hour.

        ## What we did

        - **Plantin-Moretus in Antwerp** on the way: Samir stood in front of the two oldest presses in the world and
          forgot that we existed.
        - Boat on the canals, in hail.
        - The lace museum, where an old lady let Ella throw the bobbins.

        ## Food

        Ella took one look at the mussels and pushed the bowl away; she lived on waffles and chips.
        The stew at the Brugse Vos was so good that we went back the next evening.

        ## For next time

        Take the small suitcase. The green umbrella is still on the tram in Ghent.
        We spent £1,040 in all, of which the trains were £386.
        """,
    "Trips/Porto 2024.md": """
        ---
        title: Porto 2024
        tags: [trip]
        from: 2024-10-19
        to: 2024-10-26
        ---

        # Porto, October 2024

        Half-term, [[Pensão Amarela]], the yellow house below the cathedral. Dona Graça remembered that Ella likes
        her toast burnt. Compare [[Bruges 2023]], when it hailed; here we swam on Tuesday.

        ## What we did

        - Livraria Lello before it opened to the public, thanks to a letter from the bookbinders' guild.
        - Tram 1 along the river to the lighthouse at Foz.
        - The marbling workshop of Senhor Aurélio in Rua das Flores. He floats his colours on carrageen moss and
          uses ox gall from the butcher. We bought twelve sheets at 9 euros each.

        ## Food

        Grilled sardines until we could not look at them. Samir ordered francesinha and had to lie down.

        ## For next time

        The wooden seats of the tram are murder on the back: sit on your coat.
        We spent £1,715 in all, of which the flights were £402.
        """,
    "Daily/2024-02-19.md": """
        ---
        date: 2024-02-19
        tags: [daily, flood]
        ---

        # Monday 19 February 2024

        - [x] Stopcock closed at seven
        - [x] Photographs before touching anything
        - [x] Ring Harrow Mutual
        - [ ] Tell Reverend Abell (how?)

        The pipe above the bench burst in the night. Recorded a memo while walking through, see the Media folder.
        The [[St Aldhelm registers]] on the lower shelf are soaked. The gold leaf and the marbled papers on top are
        fine.

        The printmakers next door brought two dehumidifiers, a flask of soup and no questions.

        Ella wrote "KEEP OUT, BOOKS SLEEPING" and hung it on the door.
        """,
    "Daily/2024-04-11.md": """
        ---
        date: 2024-04-11
        tags: [daily]
        ---

        # Thursday 11 April 2024

        The shear came at twenty past eight. Marek, a printmaker and both of us carried the bed over the step; nobody
        swore in front of Ella. Level by ten. First cut: dead square, and it sounds like a drawer closing in a good
        hotel.

        - [x] Pay the balance when the invoice comes
        - [ ] Oil the slides every Friday
        - [ ] Sell the old one for scrap

        New hiding place for the spare key of the workshop: inside the cracked teapot on the ledge behind the drainpipe.

        Evening: leek soup, then Ella's cello. Saint-Saëns is nearly a swan.
        """,
}


def write(folder: Path) -> None:
    """Write the vault."""
    for name, text in _NOTES.items():
        write_text(folder / name, text)
