# The verbs of the house; README.md says what each gives.
.PHONY: demo test build check sanitize python bench peers serve install format

install:
	@bash tools/install.sh

demo: install
	@bash tools/build.sh querist
	@bash tools/demo.sh

test: install
	@bash tools/build.sh all
	@/usr/bin/python3 tools/test.py

build:
	@bash tools/build.sh querist

check:
	@bash tools/install.sh clang-tidy
	@bash tools/build.sh all
	@/usr/bin/python3 tools/check.py

sanitize: install
	@/usr/bin/python3 tools/sanitize.py

format:
	@git ls-files '*.cpp' '*.h' | xargs clang-format -i

serve: build
	@build/querist serve

bench: install
	@bash tools/build.sh querist bench_loop bench_kernels bench_million
	@/usr/bin/python3 bench/run.py

python: install
	@bash tools/python.sh

peers: python
	@/usr/bin/python3 bench/peers/run.py
