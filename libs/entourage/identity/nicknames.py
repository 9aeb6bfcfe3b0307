"""List the short forms of first names, French and English, one family of names a line.

in: nothing ▶ out: `FORMALS`, each form as standardized with the formal names that it may stand for.
"""

from __future__ import annotations

# Formal name: its forms. Written from common knowledge of both languages; folded (no accents), lower case.
_FAMILIES = """
abigail: abby abbie gail
adrien: adri
agnes: aggie nessie
albert: al bert bertie
alexander: alex alec al sandy xander lex sasha
alexandra: alex sandra sandy lexie sasha alexa
alexandre: alex alec sacha
alfred: alf alfie fred al
alice: ali allie
alison: ali allie
amanda: mandy manda
amelia: amy millie mel
anastasia: ana stacy tasia
andrew: andy drew
angela: angie
anne: annie ann anna nan nancy
annabelle: anna belle bella
anthony: tony ant
antoine: tony toine
antoinette: toni nettie
arthur: art artie
audrey: dee
augustin: gus gustin
augustus: gus
barbara: barb barbie babs
bartholomew: bart
baptiste: bapt bat
beatrice: bea bee trixie beatrix
benedict: ben benny
benjamin: ben benji benny benj
bernadette: berna bernie
bernard: bernie nanard
bertrand: bert
bradley: brad
brigitte: brig gitte
caroline: caro carrie carol carly
cassandra: cass cassie
catherine: cathy cath kate katie kathy cat kitty katherine kathryn cate
cedric: ced
charles: charlie chuck chas charly
charlotte: charlie lottie charly lotte
christian: chris
christina: chris tina chrissie
christine: chris tina chrissie
christophe: chris tof christo
christopher: chris kit topher
clemence: clem
clement: clem
constance: connie
corinne: coco
cynthia: cindy
cyril: cy
daniel: dan danny dani
danielle: dani
david: dave davy davey
deborah: deb debbie debra
delphine: delph
denise: nise
dennis: denny den
dominic: dom nick
dominique: dom domi
donald: don donnie donny
dorothy: dot dottie dolly
douglas: doug
edmond: ed eddie
edmund: ed eddie ned
edouard: ed edou doudou
edward: ed eddie ted teddy ned
edwin: ed eddie
eleanor: ellie nora nell elly
elisabeth: elise babeth lisa beth babette
elizabeth: liz lizzie beth betty betsy eliza libby lisa bess liza elsie
emily: em emmy millie
emilie: mimi emi
emmanuel: manu
emmanuelle: manu
ernest: ernie
etienne: tienne
eugene: gene
evelyn: eve evie
fabien: fab
fabrice: fab
florence: flo
florian: flo
frances: fran fanny francie frankie
francis: frank fran
francois: franck fanfan
francoise: fanfan
franklin: frank
frederic: fred freddy fredo
frederick: fred freddie freddy fritz rick
frederique: fred
gabriel: gab gabe gaby
gabrielle: gabby gaby
genevieve: gene viviane ginou
geoffrey: geoff jeff
gerald: gerry jerry
gerard: gege
gertrude: gert trudy
gilbert: gil bert
gregoire: greg
gregory: greg gregg
guillaume: guigui will
gustave: gus
gwendolyn: gwen
harold: harry hal
harriet: hattie
helen: nell nellie lena
helene: nene
henri: riton
henry: harry hank hal
herbert: herb bert
hubert: bert hub
isabella: izzy bella isa
isabelle: isa belle zaza
jacob: jake jay
jacqueline: jackie jacky
jacques: jacky jacquot
james: jim jimmy jamie jem
jane: janie jenny
janet: jan
jason: jay
jean: jeannot
jeanne: jeannette
jeffrey: jeff geoff
jennifer: jen jenny jenn
jeremiah: jerry
jeremie: jerem jem
jeremy: jem jerry
jerome: jerry jey
jessica: jess jessie
joan: joanie
joanna: jo
john: jack johnny jon
jonathan: jon jonny nathan john
joseph: joe joey jo jos
josephine: jo josie fifi
joshua: josh
judith: judy jude
julia: julie jules
julian: jules
julien: jul juju
juliette: julie
justine: juju
karen: kaz
kenneth: ken kenny
kevin: kev
kimberly: kim
kristen: kris
laurence: lolo lau
laurent: lolo lau
lawrence: larry laurie lawrie
leonard: len lenny leo
leonardo: leo
leslie: les
lewis: lou lew
lillian: lily lil
linda: lindy
louis: lou louie loulou
louise: lou loulou
lucas: luke
lucille: lucy lulu
ludovic: ludo
madeleine: mado mad maddy madeline
magali: mag
marc: marco
margaret: maggie meg peggy marge margie greta megan rita daisy peg
marguerite: margot margaux
maria: mia
marie: mimi manon
marion: marie
marjorie: marge margie
martha: marty mattie
martin: marty
mary: molly polly mae may
mathieu: mat math matt
mathilde: math tilde
matilda: tilly mattie
matthew: matt matty
matthias: matt
maurice: momo
maxime: max
maximilian: max
maxwell: max
melanie: mel
melissa: mel missy lissa
michael: mike mick mickey micky mikey mich
michel: mich michou
michelle: shelly chelle
michele: mimi
mildred: millie
miriam: mimi
monique: momo
muriel: mumu
nancy: nan
natalie: nat nattie
nathalie: nat nath
nathan: nat nate
nathaniel: nat nate nathan
nicholas: nick nicky nic
nicolas: nico nic nick colas
nicole: nicky nikki
olivia: liv livvy
oliver: ollie oli
olivier: oliv oli
pamela: pam
pascal: pascalou
patrice: pat
patricia: pat patty tricia trish patsy pati
patrick: pat paddy rick
paul: paulo paulie
penelope: penny
peter: pete
philip: phil pip phillip
philippe: phil philou
pierre: pierrot
priscilla: cilla
prudence: prue
rachel: rach rae
ralph: ralphie
randolph: randy
raphael: raph rafa
raymond: ray
rebecca: becky becca
reginald: reg reggie
regis: reg
richard: rick dick rich ricky richie
robert: bob bobby rob robbie bert robby
rodney: rod
roger: rog
roland: rollie
ronald: ron ronnie
rosemary: rose rosie
rudolph: rudy
russell: russ
ruth: ruthie
samantha: sam sammy
samuel: sam sammy
sandrine: sandy
sarah: sally sadie sara
sebastian: seb bas
sebastien: seb
simon: si
sophie: soso sof
stanley: stan
stephane: steph stef
stephanie: steph stef fanny stevie
stephen: steve steph stevie steven
susan: sue susie suzy
suzanne: suzy suzie
sylvain: syl
sylvie: syl
teresa: terry tess tessa
terence: terry
theodore: theo ted teddy
theophile: theo
therese: thess
thibault: thib tibo thibaut
thierry: titi
thomas: tom tommy thom
timothy: tim timmy
tobias: toby
valerie: val valou
veronica: ronnie vera
veronique: vero
victor: vic
victoria: vicky tori vic vickie
vincent: vince vinny vin
virginia: ginny ginger
virginie: virg gigi
vivian: viv
walter: walt wally
wendy: wen
wilfred: will wilf
william: bill will billy willie willy liam
xavier: xav
yannick: yann
yvette: vette
yvonne: vonnie
zachary: zach zack zac
"""


def _families() -> dict[str, list[str]]:
    lines = (line.split(":") for line in _FAMILIES.strip().splitlines())
    return {formal.strip(): [formal.strip(), *forms.split()] for formal, forms in lines}


def _formals() -> dict[str, list[str]]:
    formals: dict[str, list[str]] = {}
    for formal, forms in sorted(_families().items()):
        for form in sorted(set(forms)):
            formals.setdefault(form, []).append(formal)
    return formals


_FORMS = _families()
FORMALS = _formals()


def forms_of(formals: list[str]) -> list[str]:
    """Return every form of some formal names, themselves included, sorted."""
    return sorted({form for formal in formals for form in _FORMS.get(formal, ())})
