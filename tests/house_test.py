"""The house rules that a machine can check: floors, foreign headers, lengths, opening sentences, names, reference."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLOORS = {"base": 1, "kernels": 2, "data": 2, "metrics": 3, "formats": 4, "featurizers": 4, "learners": 4, "strategies": 4,
          "streams": 4, "calibrators": 4, "out_of_distribution": 4, "consensus": 4, "stopping": 4, "pseudo_labelers": 4, "storage": 4, "jobs": 5, "loop": 6, "labelling": 6, "serving": 6, "governance": 6, "api": 7, "app": 8}
# A foreign header's one home (a path prefix under src/); tests may include what they test against.
HOMES = {r"sqlite3\.h": ["storage/sqlite"], r"boost/": ["api/http_server", "api/http_client"], r"cblas\.h|lapack": ["kernels/"],
         r"hwy/": ["kernels/"], r"oneapi/": ["kernels/bfloat16_products"], r"nlohmann/": ["base/json.h"], r"spdlog/": ["base/log.cpp"], r"fmt/": ["base/"],
         r"openssl/": ["base/hash.cpp"], r"sodium\.h": ["storage/passwords"], r"CLI/": ["app/"], r"toml": ["app/config"],
         r"prometheus/": ["api/"], r"archive(_entry)?\.h": ["formats/"], r"simdjson\.h": ["formats/"],
         r"jpeglib\.h|png\.h": ["featurizers/"], r"xgboost/": ["learners/gbdt/xgboost"]}
BANNED_NAMES = re.compile(r"(^|/)(utils?|helpers?|common|misc|manager)(\.|/)", re.I)
MAX_COLUMNS, MAX_LINES, MAX_FUNCTION = 100, 500, 70

problems = []


def check(condition, message):
    if not condition:
        problems.append(message)


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True, text=True,
                         check=True)
    return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).exists()]


def check_includes(path, text):
    inside = path.relative_to(ROOT / "src")
    folder = inside.parts[0]
    check(folder in FLOORS, f"{inside}: the folder {folder} has no floor in tests/house_test.py")
    for header in re.findall(r'^#include "([a-z_]+)/', text, re.M):
        if header in FLOORS and header != folder:
            check(FLOORS[header] < FLOORS[folder], f"{inside} includes {header}/: floors go down only")
    for pattern, homes in HOMES.items():
        if re.search(rf"^#include [<\"](?:{pattern})", text, re.M) and not path.name.endswith("_test.cpp"):
            check(any(str(inside).startswith(home) for home in homes), f"{inside}: {pattern} belongs in {homes}")


def check_lengths(path, text):
    name = path.relative_to(ROOT)
    lines = text.splitlines()
    check(len(lines) <= MAX_LINES, f"{name} has {len(lines)} lines, more than {MAX_LINES}")
    if path.suffix in (".cpp", ".h"):
        for number, line in enumerate(lines, 1):
            check(len(line) <= MAX_COLUMNS, f"{name}:{number} has {len(line)} columns")
        for start, length in functions(lines):
            if lines[start].strip().startswith(("return {", "ParamSpecs ")):
                continue  # A table of rows is no function body.
            check(length <= MAX_FUNCTION, f"{name}:{start} a function of {length} lines, more than {MAX_FUNCTION}")


def functions(lines):
    """Pairs (first line, length) of blocks that open at the left margin and close there: free functions."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and re.match(r"[A-Za-z].*\{$", line) and not re.match(r"(namespace|struct|class|enum|union|extern)\b", line):
            start = number
        elif start is not None and line.startswith("}"):
            yield start, number - start + 1
            start = None


def check_opening(path, text):
    first = text.splitlines()[0] if text.strip() else ""
    opening = {".cpp": r"// \S", ".h": r"// \S", ".py": r'"""\S|#!', ".ts": r"// \S", ".svelte": r"<!-- \S", ".mjs": r"// \S"}[path.suffix]
    check(re.match(opening, first), f"{path.relative_to(ROOT)} does not open with a sentence that says what it is for")


def check_test_types(paths):
    """Tests of one program share its types by name: of two that are called alike, either's destructor would be taken for both."""
    places = {}
    for path in paths:
        hidden = False
        inside = path.relative_to(ROOT)
        program = inside.parts[1] if inside.parts[0] == "src" else inside.name.removesuffix("_test.cpp")
        for line in path.read_text(encoding="utf-8").splitlines():
            hidden = (hidden or line == "namespace {") and line != "}  // namespace"
            found = re.match(r"(?:struct|class) (\w+)(?: final)?(?: :[^:].*)? {", line)
            if found and not hidden:
                places.setdefault((program, found[1]), []).append(path.name)
    for (program, name), files in places.items():
        check(len(files) == 1, f"{program}_test: {name} in {' and '.join(files)}: put test types into namespace {{ }}")


def check_reference():
    binary = ROOT / "build/querist"
    if not binary.exists():
        problems.append("build/querist is missing: run make build first")
        return
    printed = subprocess.run([binary, "reference"], capture_output=True, text=True, check=True).stdout
    stored = (ROOT / "docs/reference.md").read_text()
    check(printed == stored, "docs/reference.md differs from `querist reference`: run build/querist reference > docs/reference.md")


def check_format(sources):
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, sources)], capture_output=True, text=True)
    check(done.returncode == 0, "clang-format differs (make format):\n" + "\n".join(done.stderr.splitlines()[:5]))


def main():
    code = tracked("*.cpp", "*.h", "*.py", "*.ts", "*.svelte", "*.mjs")
    for path in code:
        text = path.read_text()
        check_opening(path, text)
        check_lengths(path, text)
        check(not BANNED_NAMES.search(str(path.relative_to(ROOT))), f"{path.relative_to(ROOT)}: the name says nothing")
        if path.is_relative_to(ROOT / "src") and path.suffix in (".cpp", ".h"):
            check_includes(path, text)
    check_test_types([path for path in code if path.name.endswith("_test.cpp")])
    check_format([path for path in code if path.suffix in (".cpp", ".h")])
    check_reference()
    for problem in problems:
        print(problem)
    # A file counts as one test, and so do the format and the reference.
    print(f"{max(0, len(code) + 2 - len(problems))} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
