"""The longer texts: the tenancy agreement, the newsletter, the council's web page, a recipe."""

from __future__ import annotations

TENANCY_SECTIONS: list[tuple[str, list[str]]] = [
    ("The parties and the flat", [
        "This agreement is made between Daniel Pryce, trading as Pryce Lettings, Wharf Road 3, Castleton (the "
        "Landlord), and Nora Whitlock and Samir Haddad (the Tenants), who are liable together and each for the whole.",
        "The Landlord lets Flat 3 on the second floor of 14 Tanner's Row, Alderbridge, with two bedrooms, the use of "
        "the cellar compartment marked 3 and one place in the bicycle shed. The flat is let unfurnished, with the "
        "exception of the cooker and the built-in wardrobe listed in the inventory.",
    ]),
    ("Term", [
        "The tenancy begins on 1 September 2022. It runs for twelve months and continues from month to month "
        "afterwards until one side ends it.",
        "The keys (two for the street door, three for the flat, one for the cellar) are handed over on the first day "
        "against signature. A lost key for the street door costs the Tenants £45, because the lock serves four flats.",
    ]),
    ("Rent", [
        "The rent is £1,150 a month, payable in advance by standing order on the first day of each month.",
        "The Landlord may raise the rent once in any twelve months and not before the second anniversary of this "
        "agreement. He gives at least two months' notice in writing. The increase may not be more than 4 per cent of "
        "the rent paid until then.",
        "Rent that is more than fourteen days late bears interest at three per cent a year. The Tenants may not hold "
        "rent back against claims of their own unless a court has decided them.",
    ]),
    ("Deposit", [
        "The Tenants pay a deposit of £1,325 before the keys are handed over. It is held by SafeHold Deposits under "
        "the certificate SH-882-41907 and not by the Landlord.",
        "The deposit is returned within ten days after the end of the tenancy, less the cost of damage beyond fair "
        "wear. Small holes from picture hooks are fair wear; a painted ceiling is not.",
    ]),
    ("Use of the flat", [
        "The flat is a home. Quiet work at a desk is welcome; the Tenants do not run machines, receive customers or "
        "store solvents there.",
        "Musical instruments may be played between 9 in the morning and 8 in the evening, for no more than two hours "
        "altogether. The Landlord likes the cello; the ground floor may not.",
        "The staircase is cleaned by the four flats in turn, a week each, following the list on the notice board.",
    ]),
    ("Pets", [
        "One cat may live in the flat. A dog, a second cat or any creature that needs a terrarium requires the written "
        "consent of the Landlord, which he gives or withholds within a fortnight.",
        "A flap may not be cut into any door. Scratched frames are made good by the Tenants.",
    ]),
    ("Repairs and access", [
        "The Landlord keeps the roof, the walls, the windows, the heating and the pipes in repair. The Tenants report "
        "damage at once, by telephone if water is involved.",
        "The Landlord or his workmen may enter after notice of 24 hours, on working days between 8 and 18. In an "
        "emergency they may enter at any time and leave a note on the kitchen table.",
        "The Tenants pay for small repairs up to £60 each and £180 a year: washers, light switches, the cord of a "
        "blind.",
        "The boiler is serviced once a year at the Landlord's cost. The Tenants bleed the radiators.",
    ]),
    ("Decoration", [
        "The walls may be painted in any pale colour. Before moving out the Tenants return strong colours to white.",
        "Shelves heavier than 40 kg when filled are fixed to the brick walls only. Nothing is fixed to the "
        "plasterboard between kitchen and hall, behind which the gas pipe runs.",
    ]),
    ("Guests and subletting", [
        "Guests may stay for six weeks. The flat may not be offered to travellers for money, on the internet or "
        "otherwise.",
        "The Tenants may take a lodger after asking the Landlord, who declines only for a good reason in the person of "
        "the lodger.",
    ]),
    ("Ending the tenancy", [
        "The Tenants may end the tenancy with two months' notice to the end of a month. The Landlord gives three "
        "months' notice, and only if he needs the flat for himself or his close family, or if the rent is two months "
        "overdue.",
        "Notice is given in writing and signed. An e-mail is enough for the Tenants, not for the Landlord.",
        "On the last day the flat is handed over swept, with all keys and with the meters read by both sides together. "
        "The Landlord gives the Tenants a copy of the record before they leave.",
    ]),
    ("Last things", [
        "Changes to this agreement are valid only in writing. If a clause is void the others stand.",
        "The inventory below and the list of meter readings are part of this agreement. The gas meter stood at 40,217 "
        "and the electricity meter at 18,664 on the day of the viewing.",
    ]),
    ("Inventory and condition on 20 August 2022", [
        "Kitchen: electric cooker (Brandt, three years old, one ring slow), extractor hood, sink with mixer tap, shelf "
        "above the window. A scorch mark the size of a coin on the worktop left of the sink.",
        "Bathroom: bath with shower curtain, wash basin with a hairline crack, extractor fan, mirror cabinet. The "
        "window sticks in wet weather and must not be forced.",
        "Large bedroom: built-in wardrobe of pine with two drawers, one knob missing. Floorboards sanded in 2021.",
        "Small bedroom: roller blind, radiator with thermostat. Height marks of former children on the door frame; "
        "they stay by agreement.",
        "Hall and living room: four ceiling lamps, one telephone socket, tiled stove (not in use, the flue is sealed). "
        "The stove may be decorated and may not be lit.",
        "Cellar compartment 3: shelf, padlock with two keys. It is dry, and the Landlord does not promise that it will "
        "always be.",
    ]),
]  # fmt: skip

COURIER_ARTICLES: list[tuple[str, list[str]]] = [
    ("Mill footbridge shuts for the summer", [
        "The footbridge at the old mill closes on Monday 1 July for the repair of its oak deck and will reopen on "
        "Friday 13 September. Thirty-one planks have to be replaced; the oldest of them carries the date 1911 and the "
        "initials of a carpenter nobody has been able to name.",
        "Until then walkers must go round by Castle Bridge, which adds twelve minutes, or take the rowing ferry from "
        "the boathouse steps. The ferry runs from seven in the morning to nine at night and costs 50 pence; children, "
        "dogs and bicycles travel for nothing.",
        "“We know it hurts in the ice cream months,” said Councillor Wendy Sharrock, “but the river is low now and the "
        "divers need to see the piers.” The work costs £212,000, of which the county pays two thirds.",
    ]),
    ("Longer hours at the library", [
        "From 8 June the library on Castle Street stays open until four on Saturdays, three hours longer than before. "
        "The extra shift is run by eleven volunteers, most of them retired from the canning factory, where they say "
        "the talk was louder.",
        "Fines for late children's books are abolished. Whoever has kept one since school may bring it back without a "
        "word; the record so far is a pony story due in 1974.",
    ]),
    ("Old Brewery opens its doors", [
        "Nine workshops in the Old Brewery on Malt Lane show what they do on Saturday 15 June from eleven to five. "
        "There is letterpress at the printmakers', a forge to shiver at, and marbling with Nora Whitlock and Samir "
        "Haddad of Two Rivers Bindery at noon and at three.",
        "The bindery was under water in February and is back on its feet. “People brought fans, blankets and cake,” "
        "says Mr Haddad. “We want to show them what they rescued.” The parish registers of St Aldhelm, dry again, "
        "will lie in a glass case for the day, guarded by the vicar.",
        "Entry is free. The yard has room for bicycles only.",
    ]),
    ("School fair at Millbrook", [
        "The summer fair of Millbrook Primary School is on Sunday 30 June from two o'clock. Class teacher Helen Marsh "
        "promises a sponge-throwing wall with the whole staff as targets. The money goes to a new roof for the bicycle "
        "shed, which lost its last one in the January gale.",
        "Cakes may be left in the hall from noon. Please mark what contains nuts.",
    ]),
    ("|", []),
    ("Swifts: fewer nests, more boxes", [
        "The yearly count of the bird group found 43 pairs of swifts under the roofs of the old town, six fewer than "
        "last June and less than half of the number of 1998. The group blames tidy gutters and new plastic eaves.",
        "Forty boxes of larch will be put up on the north side of the Corn Exchange in the last week of the month. "
        "Each costs £35 and can be adopted. Whoever does so gets a photograph of the tenants, if there are any, and a "
        "certificate with the name of the box; “Sir Christopher” and “Gable Mabel” have gone already.",
        "Mrs Ottoline Frayne, who has counted for thirty-four summers, asks for help in the evenings. Good eyes are "
        "useful, a folding chair is better.",
    ]),
    ("Council notes", [
        "The council met on 21 May with eleven members present and one asleep.",
        "Waste: garden bins are emptied every second Wednesday from now on. The calendar is delivered with the next "
        "issue.",
        "Parking: the wardens wrote 88 tickets on Malt Lane in April, all of them on Tuesdays. The lane is closed for "
        "the market and has been since 1952.",
        "Trees: the plane tree in front of the Town Hall is healthy. The petition to fell it, with nine names, was "
        "rejected; the petition to keep it had 1,406.",
        "Grants: the youth orchestra receives £1,800 for a tour, the bowling club £250 for a roller.",
    ]),
    ("From the kitchen garden", [
        "Broad beans want pinching out this week, says our gardener Stan Coyle, or the blackfly will do it for you. "
        "Sow carrots in the evening when the carrot fly is home. Water the beans, not the leaves.",
        "The allotment society has two half plots to let, numbers 17 and 32, at £24 a year. The waiting list is short "
        "because number 32 is next to the geese.",
    ]),
    ("|", []),
    ("The woman at the oars", [
        "Whoever takes the ferry this summer will meet Bronagh Tully, who is sixty-eight and has rowed across the "
        "Alder for twenty-two seasons. Her grandfather built the boat, a flat-bottomed punt of elm that holds eight "
        "people or five and a pram.",
        "“In a good week I carry nine hundred,” she says. “In a wet one I carry the postman.” She has pulled four "
        "dogs, a bride's shoe and one member of the council out of the water, and will not say which.",
        "The county offered her an engine. She asked it to buy her a new pair of gloves instead.",
    ]),
    ("How high was the water?", [
        "The gauge at Castle Bridge reached 2.84 metres on 14 January, the highest mark since the winter of 2007, "
        "when it was 3.10. Eleven cellars in Quay Street were pumped out by the fire brigade. Above three metres the "
        "siren at the Corn Exchange sounds; it was last tested in March and frightened the geese.",
        "The river board plans a new basin above the mill. A public meeting will be held in the autumn.",
    ]),
    ("Alfred Penhale, 1931-2024", [
        "Alfred Penhale, who wound the clock of the Town Hall every Monday for fifty-one years, has died at the age of "
        "ninety-two. He climbed the 118 steps for the last time at Christmas and reported that the clock was four "
        "seconds fast, “which at my age is welcome”.",
        "He learned his trade at the canning factory, mended half of the town's wireless sets and sang bass at St "
        "Aldhelm. His youngest, Morwenna, has taken over the key.",
    ]),
    ("|", []),
    ("Letters to the editor", [
        "Sir, the new bench at the boathouse faces the car park. Was it put there by somebody who dislikes rivers? "
        "<i>Percival Ames, Tanner's Row</i>",
        "Madam, I write to thank the unknown cyclist who brought back my purse on 3 May with everything in it, and a "
        "bar of chocolate that had not been there before. <i>D. Novak, Mill Road</i>",
        "To the Courier: your crossword in May had two solutions for 14 down. We quarrelled over it for a whole "
        "Sunday. Please do it again. <i>The Lodge, Church Walk</i>",
    ]),
    ("Oars, bowls and a draw", [
        "The rowing club's women's four came second at Castleton, a length behind the college. The bowling club beat "
        "the fire brigade by 21 to 14 and was given a bell.",
        "Alderbridge Town drew its last match of the season, nil all, in rain. Goalkeeper Idris Vaughan, who has let "
        "in nineteen goals in twenty-six games, has been lent to the cricket team until September.",
        "The summer run round the two rivers starts on Sunday 7 July at nine. It is ten kilometres long; the "
        "footbridge being closed, the runners cross on the ferry and the clock is stopped for them.",
    ]),
    ("Small advertisements", [
        "For sale: upright piano, walnut, tuned last autumn, sticks a little on the low E. £120, buyer carries. Ring "
        "01632 960133.",
        "Wanted: jam jars with lids, any number, for the harvest supper. Leave them at the vestry door.",
        "Lost: green budgerigar called Gladstone, answers to whistling. Reward: a fruit cake. 14 Quay Street.",
        "Lessons: cello and theory, all ages, patient. A. Adeyemi, 8 Quay Street.",
    ]),
    ("Dates for the fridge", [
        "Sat 8 June, library opens late for the first time. Sat 15 June, Old Brewery open day. Sun 23 June, midsummer "
        "evensong at St Aldhelm, half past six. Sun 30 June, school fair. Mon 1 July, mill footbridge closes.",
    ]),
]  # fmt: skip

RECIPE = """
    SALMA'S SEMOLINA CAKE WITH ORANGE BLOSSOM
    =========================================

    Dictated by Salma at the stove, December 2022. She does not weigh anything,
    so these are the numbers that Samir measured behind her back.

    For a tin of 24 cm

      350 g  coarse semolina (not the fine one, it turns to cement)
      180 g  yoghurt, full fat
      120 g  butter, melted
      100 g  sugar
      1 tsp  baking powder
       24    blanched almonds, one for each piece

    For the syrup

      300 g  sugar
      200 ml water
      1 tbsp lemon juice
      2 tsp  orange blossom water

    1. Rub the semolina with the butter until every grain shines. Cover it and
       let it stand overnight. This is the step that people skip and then they
       ring me up.
    2. Stir in sugar, yoghurt and baking powder. Do not beat it.
    3. Spread it in the buttered tin, score it into 24 pieces and press an
       almond into each.
    4. Bake at 190 degrees for 35 minutes until it is the colour of a saddle.
    5. Boil sugar, water and lemon for eight minutes. Take it from the flame and
       only then add the orange blossom water.
    6. Pour the cold syrup over the hot cake. Hot on hot makes porridge.
       Let it drink for three hours.

    It keeps for five days in a closed tin, but not in this family.

    For Ella's class: leave out the almonds, there is an allergy. Half a date
    looks nearly as good.
    """

WEB_PAGE = """
    <!DOCTYPE html>
    <!-- saved from https://www.alderbridge-council.example/roads/malt-lane-market -->
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <title>Malt Lane on market days | Alderbridge Town Council</title>
    <meta name="description" content="When Malt Lane is closed to traffic and how to get a permit.">
    <meta name="date" content="2024-01-08">
    <style>nav li { display: inline } .cookie { position: fixed; bottom: 0 }</style>
    <script>window.analytics = { page: "malt-lane" };</script>
    </head>
    <body>
    <div class="cookie" role="dialog">We use cookies to improve this site. <button>Accept</button>
    <button>Decline</button></div>
    <header>
    <a href="/">Alderbridge Town Council</a>
    <nav><ul>
    <li><a href="/waste">Waste and recycling</a></li>
    <li><a href="/roads">Roads and parking</a></li>
    <li><a href="/tax">Council tax</a></li>
    <li><a href="/planning">Planning</a></li>
    <li><a href="/contact">Contact us</a></li>
    </ul></nav>
    <form action="/search"><input type="search" name="q" placeholder="Search this site"></form>
    </header>
    <main>
    <article>
    <h1>Malt Lane on market days</h1>
    <p>Malt Lane is closed to all motor traffic every Tuesday from 6:00 to 15:30 while the weekly market is held. The
    closure runs from the Corn Exchange to the gate of the Old Brewery. It is in force on every Tuesday of the year
    except Christmas Day and New Year's Day.</p>
    <h2>Deliveries to shops and workshops</h2>
    <p>Vans may enter before six in the morning and must have left when the first stalls are set up. Businesses in the
    Old Brewery can use the loading bay in Quay Street, 150 metres away, for up to forty minutes. A hand cart is kept
    behind the Corn Exchange; the market warden has the key.</p>
    <h2>Permits</h2>
    <p>A vehicle that has to be in the lane, such as a crane or a removal van, needs a permit for the day. Apply at
    least five working days before. You can telephone the roads desk on 01632 960142 between nine and noon.</p>
    <table>
    <caption>Charges from 1 January 2024</caption>
    <tr><th>Permit</th><th>2023</th><th>2024</th></tr>
    <tr><td>Van, one day</td><td>£7.50</td><td>£8.50</td></tr>
    <tr><td>Lorry or crane, one day</td><td>£21.00</td><td>£24.00</td></tr>
    <tr><td>Skip, one week</td><td>£36.00</td><td>£36.00</td></tr>
    </table>
    <h2>If you park there all the same</h2>
    <p>Cars found in the lane after six are towed to the yard in Wharf Road. Getting one back costs £165 and a long
    walk.</p>
    </article>
    </main>
    <aside><h3>Most read</h3><ul><li><a href="/bins">When are my bins emptied?</a></li>
    <li><a href="/swim">Swimming pool timetable</a></li><li><a href="/jobs">Jobs</a></li></ul>
    <h3>Newsletter</h3><p>Sign up for our weekly e-mail.</p></aside>
    <footer><a href="/privacy">Privacy</a> <a href="/accessibility">Accessibility</a> <a href="/cookies">Cookies</a>
    <p>© 2024 Alderbridge Town Council. All rights reserved.</p></footer>
    </body>
    </html>
    """

README = """
    # The sample library

    A year in the life of a small household: **Nora Whitlock** and **Samir Haddad** run Two Rivers Bindery, a workshop
    of two people in the little town of Alderbridge, and live with nine-year-old Ella and a cat in a rented flat. A
    pipe bursts, a machine has to be replaced, the insurer has questions, the school writes letters, and there are two
    holidays.

    Everything here is invented: people, companies, places in and around Alderbridge, numbers. Telephone numbers and
    mail addresses come from ranges that are kept free for fiction. The photograph is a drawing, the scanned invoice
    never saw a scanner, and the voice memo is spoken by a computer.

    | folder | what |
    |---|---|
    | Mail | a thread of six messages with attachments, and an mbox with thirteen |
    | Notes | an Obsidian vault |
    | Workshop | invoices (one scanned), price lists of two years, a letter, slides |
    | Home | contract, budget, bank statement, calendar, contacts, a recipe |
    | Town | a newsletter in two columns, a saved web page |
    | Media | a photograph and a voice memo |

    All files are made by `packaging/make_samples.py` and are licensed under Apache-2.0, as the program is.
    """
