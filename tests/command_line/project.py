"""A project from the command line, in a folder and on a server alike: its import, its settings, and how far run goes."""
import json


def check_failed_import(querist, check, home, url):
    data = home / "failed.csv"
    data.write_text("text,label\ngood morning,ham\nwin money,spam\n")
    bad = home / "bad.csv"
    bad.write_text("text,label\n,ham\none,two,three\n")
    for place in (("--data-dir", home / "failed"), ("--server", url)):
        into = ("--project", "ghost", *place)
        for given, said in (((data, "--text", "nope"), '"nope"'), ((home / "none.csv",), "none.csv"),
                            ((bad,), "no row could be taken in, so the project ghost was not made")):
            code, shown, problem = querist("import", *given, *into)
            check(code == 1 and said in problem, f"an import that fails: {given}", shown + problem)
            code, _, problem = querist("status", *into)
            check(code == 1 and "ghost" in problem, "leaves no project", problem)
        code, shown, problem = querist("import", bad, *into, "--json", "--rejects", home / "rejects.csv")
        check(code == 1 and json.loads(shown)["rejected"] == 2 and len((home / "rejects.csv").read_text().splitlines()) == 3, "which says why", shown + problem)
        code, shown, problem = querist("import", bad, data, *into, "--text", "text", "--label", "label")
        check(code == 0 and "2 accepted, 0 duplicate, 2 rejected in ghost" in shown, "a good file makes it", shown + problem)
        code, shown, problem = querist("import", data, *into, "--text", "nope")
        check(code == 1 and json.loads(querist("status", *into, "--json")[1])["counts"]["examples"] == 2, "and it stays when a later one fails", problem)


def check_all(querist, check, home, url):
    check_failed_import(querist, check, home, url)
