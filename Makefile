# run    a PBX on loopback to try, in the foreground; all it writes is under .run/
# cli    one command to it: make cli CMD="pbx status"
# test   every test; those that need a FreeSWITCH say so when there is none
# screenshots  every page, light and dark, wide and narrow, into target/screenshots
# lint   what must be spotless before a push
# bench  figures, each beside what it competes with
# deb    a package for Debian 12 and FreeSWITCH's packages, in target/deb
# deps   installs what Debian lacks
.PHONY: run cli test screenshots lint bench deps

# As typed: neither make nor a shell looks into it.
override export CMD := $(value CMD)

run:
	@deploy/deps.sh build
	@exec deploy/run.sh

cli:
	@deploy/cli.sh

test:
	@deploy/deps.sh build test
	cargo test --workspace --locked --no-fail-fast
	@if [ -n "$$PBX_WEB_DIST" ]; then echo "SKIPPED: the tests of the pages: PBX_WEB_DIST has them built"; \
	else npm --prefix web/ui test; fi

screenshots:
	@deploy/deps.sh build test
	@rm -rf target/screenshots
	PBX_REQUIRE_CHROMIUM=1 PBX_SCREENSHOTS="$(CURDIR)/target/screenshots" cargo test --locked --test pages
	@echo "They are in target/screenshots."

lint:
	@deploy/deps.sh build
	@deploy/lint.sh

bench:
	@deploy/deps.sh build test
	cargo bench --workspace --locked

deb:
	@deploy/deps.sh build deb
	cargo build --release --locked --package mod_pbx
	@deploy/deb/build.sh "$${CARGO_TARGET_DIR:-target}/release/libmod_pbx.so" "$${CARGO_TARGET_DIR:-target}/deb"

deps:
	@deploy/deps.sh build test
