"""The words that introductions are made of, and those that no name is made of."""

from functools import cache
from importlib.resources import files

from analysis.spoken import word_set

GREETINGS = word_set(
    """
    hi hello hey hiya howdy heya yo hallo good morning afternoon evening day gday there yeah yes so okay alright
    right greetings namaste well oh again sir maam folks mate
    """
)
TITLES = word_set(
    """
    mr mrs ms miss dr prof professor sir madam coach pastor principal judge sheriff mayor chief doc
    """
)
LINKS = frozenset(["with", "from", "at", "of"])
BEFORE_LINKS = word_set(
    """
    over down out up in here calling again
    """
)
#: What may follow "Dana with Acme" when Dana is the caller; any other verb makes her somebody the caller speaks of.
AFTER_OWN_COMPANY = word_set(
    """
    calling here and again once in on out down i we how just returning about regarding because since the your this
    where following
    confirming checking with hope hoping so um over uh got wanted sorry trying hey hi real quick spelled or you it
    my as up for if
    """
)
MARKS_CALLER = frozenset(["here", "calling", "again", "side", "speaking"])
#: What "with" may be followed by when no company is named.
NO_COMPANY = word_set(
    """
    a an your my you me it this that them us regard regards respect what whatever home work here all some one the
    our his her church school down up next no any these those
    """
)
#: Words a lower-case name is not made of, though they are no closed class: what callers do and speak of.
NOT_IN_NAMES = word_set(
    """
    showing keep ringing seen sent put come came testing water solar department everything trying timely
    """
)
#: What people are called by their work; and what stands for an organisation without naming it.
ROLES = word_set(
    """
    rep reps representative director manager lead head president founder assistant intern trainee specialist
    coordinator supervisor engineer driver dispatcher receptionist vendor contractor guy guys girl lady lad man ones
    """
)
UNNAMED = word_set(
    """
    folks people dispatch reception accounts sales department desk side area region territory county outfit firm shop
    office warehouse place church churches insurance town school company business machine beep
    """
)
#: Capitalized, and never anybody's name.
NAMELESS = word_set(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
    october november december christmas easter bye goodbye ta cheers cheerio ciao hiya hey anywho warmly alrighty
    linkedin zoom google whatsapp
    """
)
#: A message that somebody else's mail carries names nobody.
MAIL_PROVIDERS = word_set(
    """
    gmail googlemail yahoo hotmail outlook icloud aol
    """
)
#: What follows somebody who is spoken of, and not the caller: "Dale at Hoskins Plumbing said".
SPOKEN_OF = word_set(
    """
    said says told tells suggested suggests gave asked mentioned recommended thought sent passed handed insisted he she
    who
    """
)
#: Before somebody who is spoken of, and not the caller: "got your name from Carla at Acme".
SPEAKS_OF = word_set(
    """
    from to with for by of told ask asked and that your about
    """
)
#: Words that are never part of a name: the closed classes, and what openings are made of.
COMMON = word_set(
    """
    a an the and or but so that if when what where who which whose how why because than as of to for from with at in
    on by about into over under after before since until till while though i we you he she they it is are was were
    be been being am will would can could should may might must do does did done have has had having not no my your
    our their his her its this these those some any all both each every very really just only also even going want
    wanted need needed like love know think thought guess hope hoping hopefully said told tell see seeing saw say
    get got let make made take call calling called calls phone message ask asked between off up out through down
    back across around near per plus me us him them myself mine here there now today tomorrow yesterday tonight
    morning afternoon evening week month year time times minute moment quick hi hello hey good thanks thank please
    sorry okay yes yeah well anyway again still too much many more most less lot little new old next last first
    second other another own same one two three four five six seven eight nine ten left leave leaving reach reaching
    touch touching base check checking follow following circling look looking forward great nice wonderful person
    people guy somebody someone anybody owner manager charge responsible whoever office business company team number
    name reason regarding re concerning local return returning got chance interested speak talk speaking talking
    work working recently noticed heard read found helped help helping hate wish won wonder wondering happy glad
    excited pleased congratulations voicemail voice mail friendly reminder automated important urgent maybe perhaps
    probably actually basically honestly obviously busy long short kind sort
    """
)


@cache
def company_words() -> frozenset[str]:
    """Words such as Freight and Partners, as the first playbook lists them; the same whatever playbook judges."""
    from analysis import playbooks  # which read the detectors, which read this

    return frozenset(playbooks.load().lists["company_word"])


@cache
def first_names() -> frozenset[str]:
    return frozenset(files("analysis.detectors").joinpath("first_names.txt").read_text("utf-8").split())
