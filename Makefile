# One Makefile for everything; `make help` lists the targets.
# build/obj mirrors the tree, programs lie in build/. User CFLAGS, CPPFLAGS, LDFLAGS, DESTDIR, prefix are respected.
VERSION := 0.1.0

prefix        ?= /usr
sbindir       ?= $(prefix)/sbin
libdir        ?= $(prefix)/lib
includedir    ?= $(prefix)/include
libexecdir    ?= $(prefix)/libexec/qdisk
heuristicsdir ?= $(prefix)/share/qdisk/heuristics
schemadir     ?= $(prefix)/share/cluster
mandir        ?= $(prefix)/share/man
ocfdir        ?= $(prefix)/lib/ocf/resource.d
unitdir       ?= $(prefix)/lib/systemd/system

comma := ,
B ?= build
ifdef SANITIZE
  B := build/$(subst $(comma),-,$(SANITIZE))
endif
# the fuzz targets have objects of their own, instrumented by clang
ifdef FUZZ
  override B := build/fuzz$(if $(MEMORY),-memory)
  override CC := clang
  override SANITIZE := fuzzer-no-link,$(if $(MEMORY),memory,address$(comma)undefined)
endif
ifeq ($(origin CC),default)
  CC := gcc
endif
AR ?= ar
PKG_CONFIG ?= pkg-config
INSTALL ?= install
V ?= 0
ifeq ($(V),0)
  Q := @
  say = @printf '  %-6s %s\n' '$(1)' '$(2)'
else
  say = @:
endif

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Wundef -Wswitch-enum
ifdef WERROR
  WARN += -Werror
endif
HARDEN := -fstack-protector-strong -fPIE
ifndef SANITIZE
  HARDEN += -D_FORTIFY_SOURCE=2
endif
all_cflags = -std=gnu11 $(WARN) $(HARDEN) $(CFLAGS)
all_cppflags = -D_GNU_SOURCE -DQD_VERSION='"$(VERSION)"' -DQD_LIBEXECDIR='"$(libexecdir)"' \
	-DQD_HEURISTICSDIR='"$(heuristicsdir)"' -Iinclude $(CPPFLAGS)
all_ldflags = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
ifdef SANITIZE
  HARDEN += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
  LDFLAGS += -fsanitize=$(SANITIZE)
endif

# ---- Sources, by name ----

# floors 0 to 2: one archive, pure
core := check check_draw format format_box format_envelope format_label format_text latency \
	core own member elect vote evict evict_fence putoff stop instep score laws laws_corosync note \
	engine engine_box engine_bytes engine_watch
core_src := $(core:%=qdiskd/%.c) cman-shim/corosync_conf.c

# floor 3
cs_src := qdiskd/cs_api.c qdiskd/cs_thread.c qdiskd/cs_vote.c qdiskd/cs_cfg.c \
	qdiskd/cs_cmap.c qdiskd/cs_cpg.c qdiskd/cs_facts.c qdiskd/cs_native.c qdiskd/cs_proof.c qdiskd/cs_state.c \
	qdiskd/cs_word.c
lun_src := qdiskd/device.c qdiskd/discover.c qdiskd/discover_child.c \
	qdiskd/discover_label.c qdiskd/discover_sys.c qdiskd/privileges.c
status_src := qdiskd/status.c qdiskd/status_file.c qdiskd/status_json.c
runner_src := qdiskd/runner.c qdiskd/runner_spawn.c
config_src := qdiskd/config.c qdiskd/config_agents.c qdiskd/config_valid.c
fence_src := qdiskd/fence.c qdiskd/fence_agents.c qdiskd/fence_pacemaker.c qdiskd/fence_secret.c
hands_src := qdiskd/aio.c $(fence_src) qdiskd/watchdog.c qdiskd/log.c qdiskd/log_writer.c $(status_src) \
	$(runner_src) $(config_src) $(cs_src) $(lun_src)
clusterconf_src := cman-shim/clusterconf.c cman-shim/clusterconf_cluster.c \
	cman-shim/clusterconf_fence.c cman-shim/clusterconf_log.c cman-shim/clusterconf_quorumd.c \
	cman-shim/clusterconf_schema.c cman-shim/clusterconf_totem.c cman-shim/clusterconf_value.c
rng_src := cman-shim/clusterconf_rng.c
# corosync.conf's keys through the same readers, without XML: what qdiskd links
native_src := cman-shim/clusterconf_native.c cman-shim/clusterconf_cluster.c cman-shim/clusterconf_log.c \
	cman-shim/clusterconf_quorumd.c cman-shim/clusterconf_schema.c cman-shim/clusterconf_totem.c \
	cman-shim/clusterconf_value.c
libcman := libcman libcman_admin libcman_barrier libcman_cluster libcman_clusterid libcman_conn \
	libcman_data libcman_dispatch libcman_fence libcman_group libcman_guard libcman_node libcman_notify \
	libcman_qdev libcman_queue libcman_rendezvous libcman_stack libcman_table libcman_text libcman_wire
libcman_src := $(libcman:%=cman-shim/%.c)

# floor 4
qdiskd_src := qdiskd/main.c qdiskd/process.c qdiskd/instance.c qdiskd/start.c qdiskd/agree.c qdiskd/moved.c qdiskd/restart.c \
	qdiskd/ports.c qdiskd/ports_lun.c qdiskd/ports_run.c qdiskd/ports_agents.c qdiskd/ports_fence.c qdiskd/ports_watchdog.c qdiskd/snapshot.c \
	qdiskd/reload.c qdiskd/reload_instep.c qdiskd/reload_look.c qdiskd/reload_nodes.c qdiskd/selffence.c
mkqdisk_src := mkqdisk/mkqdisk.c mkqdisk/mk_label.c mkqdisk/mk_list.c mkqdisk/mk_use.c \
	mkqdisk/mk_write.c
tool_src := qdiskd/qdisk_tool.c qdiskd/tool_ask.c qdiskd/tool_fence.c qdiskd/tool_history.c qdiskd/tool_status.c qdiskd/tool_text.c
check_src := qdiskd/tool_check.c qdiskd/tool_check_agents.c qdiskd/tool_check_host.c qdiskd/tool_check_show.c
tool_libs = $(call pkg_libs,json-c)
readconf_src := cman-shim/readconf.c
agent_src := cman-shim/clusterconf_agent.c
agents_src := cman-shim/agents.c $(agent_src)
validate_src := cman-shim/ccs_config_validate.c
cman_tool := cman_tool cman_tool_admin cman_tool_conf cman_tool_format cman_tool_here cman_tool_join cman_tool_leave cman_tool_nodes cman_tool_options \
	cman_tool_say cman_tool_service cman_tool_status cman_tool_version cman_tool_wait
cman_tool_src := $(cman_tool:%=cman-shim/%.c)

obj = $(patsubst %.c,$B/obj/%.o,$(1))
pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1))
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1))
cs_libs = $(call pkg_libs,libvotequorum libquorum libcmap libcfg libcpg libcorosync_common)
libcman_libs = $(cs_libs) $(call pkg_libs,libcpg) -lpthread

programs := $B/qdiskd $B/qdisk-readconf $B/qdisk-agents $B/qdisk-tool $B/fence_qdisk $B/mkqdisk $B/cman_tool $B/fence_node $B/ccs_config_validate
libraries := $B/libcman.so.3

.PHONY: all
all: $(programs) $(libraries)

# ---- How things are built ----

$B/obj/%.o: %.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(all_cppflags) $(all_cflags) $(extra_cppflags) -MMD -MP -c -o $@ $<

# $(call link,LIBRARIES): objects and archives among the prerequisites, then libraries
define link
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(all_cflags) $(all_ldflags) -o $@ $(filter %.o %.a,$^) $(1)
endef

$B/libqdcore.a: $(call obj,$(core_src))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$B/qdiskd: $(call obj,$(qdiskd_src) $(hands_src) $(native_src)) $B/libqdcore.a
	$(call link,$(cs_libs) $(call pkg_libs,libqb blkid zlib) -laio -lpthread)

$B/qdisk-readconf: $(call obj,$(readconf_src) $(clusterconf_src))
	$(call link,$(call pkg_libs,libxml-2.0))

$B/qdisk-agents: $(call obj,$(agents_src) $(runner_src) $(config_src)) $B/libqdcore.a
	$(call link,$(call pkg_libs,libxml-2.0 zlib))

$B/ccs_config_validate: $(call obj,$(validate_src) $(clusterconf_src) $(rng_src))
	$(call link,$(call pkg_libs,libxml-2.0))

$B/qdisk-tool: $(call obj,$(tool_src) $(check_src) $(config_src) $(cs_src) $(native_src) $(lun_src)) $B/libqdcore.a
	$(call link,$(tool_libs) $(cs_libs) $(call pkg_libs,blkid zlib) -lpthread)

$B/fence_qdisk: $(call obj,qdiskd/fence_qdisk.c qdiskd/tool_ask.c qdiskd/tool_text.c)
	$(call link)

$B/mkqdisk: $(call obj,$(mkqdisk_src) $(lun_src)) $B/libqdcore.a
	$(call link,$(call pkg_libs,blkid zlib))

$(call obj,$(libcman_src)): extra_cppflags = -fPIC -fvisibility=hidden
$(call obj,$(rng_src)): cman-shim/cluster.rng
$(call obj,$(readconf_src) $(clusterconf_src) $(agent_src) $(rng_src)): extra_cppflags = $(call pkg_cflags,libxml-2.0)

$B/libcman.so.3.0: $(call obj,$(libcman_src))
	$(call say,LD,$@)
	$(Q)$(CC) $(all_cflags) $(LDFLAGS) -shared -Wl,-soname,libcman.so.3 $(if $(SANITIZE),,-Wl$(comma)-z$(comma)defs) -Wl,-z,relro,-z,now \
		-o $@ $^ $(libcman_libs)

$B/libcman.so.3: $B/libcman.so.3.0
	$(Q)ln -sf $(<F) $@ && ln -sf $(<F) $B/libcman.so

$B/cman_tool: $(call obj,$(cman_tool_src) $(config_src)) $B/libqdcore.a $B/libcman.so.3
	$(call link,$(call pkg_libs,zlib) -L$B -lcman -Wl$(comma)-rpath$(comma)'$$ORIGIN')

fence_node_src := cman-shim/fence_node.c qdiskd/tool_ask.c $(fence_src) $(runner_src) $(config_src)
$B/fence_node: $(call obj,$(fence_node_src)) $B/libqdcore.a $B/libcman.so.3
	$(call link,-L$B -lcman $(call pkg_libs,zlib) -Wl$(comma)-rpath$(comma)'$$ORIGIN')

# ---- Tests: what is made and run for them ----

include tests/tests.mk tests/fuzz/fuzz.mk

.PHONY: demo
demo:
	$(Q)tests/packages.sh
	$(Q)$(MAKE) --no-print-directory all $(rig_programs:%=$T/rig/%)
	$(Q)RIG_BUILD=$(CURDIR)/$B tests/demo.sh

.PHONY: demo-failover
demo-failover:
	$(Q)tests/packages.sh
	$(Q)$(MAKE) --no-print-directory all $(rig_programs:%=$T/rig/%)
	$(Q)RIG_BUILD=$(CURDIR)/$B tests/demo-failover.sh

# ten seconds of these rounds are the power switch
.PHONY: bench-failover
bench-failover: all $(rig_programs:%=$T/rig/%)
	$(Q)RIG_BUILD=$(CURDIR)/$B tests/bench-failover.sh

.PHONY: bench
bench: all $(helpers) $T/sim
	$(Q)RIG_BUILD=$(CURDIR)/$B tests/bench.sh

# ---- Lint: warnings are errors, two compilers, analysers, sanitizers ----

.PHONY: lint lint-run lint-c lint-text lint-sanitize
lint:
	$(Q)tests/packages.sh --lint
	$(Q)$(MAKE) --no-print-directory lint-run
lint-run: lint-c lint-text lint-sanitize
c_files = $(sort $(wildcard qdiskd/*.c mkqdisk/*.c cman-shim/*.c tests/*.c tests/*/*.c))
lint-c:
	$(Q)$(MAKE) --no-print-directory B=build/gcc CC=gcc WERROR=1 tests >/dev/null
	$(Q)$(MAKE) --no-print-directory B=build/clang CC=clang WERROR=1 tests >/dev/null
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability -Iinclude -D_GNU_SOURCE \
		$(filter-out tests/%,$(c_files))
	$(Q)clang-tidy --quiet --config-file=tests/clang-tidy.yaml \
		$(filter-out tests/%,$(c_files)) -- -std=gnu11 $(all_cppflags) $(call pkg_cflags,libxml-2.0 libqb) 2>/dev/null
lint-text:
	$(Q)shellcheck -x $(sort $(wildcard tests/*.sh tests/*/*.sh tests/rig/fence_rig tests/rig/ocf_web heuristics/*)) tests/run .ci/run
	$(Q)mandoc -T lint -W warning $(sort $(wildcard man/*))
lint-sanitize:
	$(Q)$(MAKE) --no-print-directory SANITIZE=address,undefined check-unit check-sim

# ---- Install ----

.PHONY: install
install: all
	$(INSTALL) -d $(DESTDIR)$(sbindir) $(DESTDIR)$(libexecdir) $(DESTDIR)$(libdir) \
		$(DESTDIR)$(includedir) $(DESTDIR)$(heuristicsdir) $(DESTDIR)$(unitdir) \
		$(DESTDIR)$(mandir)/man3 $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man7 $(DESTDIR)$(mandir)/man8
	$(INSTALL) -m 755 $B/qdiskd $B/qdisk-tool $B/fence_qdisk $B/mkqdisk $B/ccs_config_validate $(DESTDIR)$(sbindir)
	$(CC) $(all_cflags) $(all_ldflags) -o $(DESTDIR)$(sbindir)/cman_tool \
		$(call obj,$(cman_tool_src) $(config_src)) $B/libqdcore.a $(call pkg_libs,zlib) -L$B -lcman
	$(CC) $(all_cflags) $(all_ldflags) -o $(DESTDIR)$(sbindir)/fence_node \
		$(call obj,$(fence_node_src)) $B/libqdcore.a $(call pkg_libs,zlib) -L$B -lcman
	$(INSTALL) -m 755 $B/qdisk-readconf $B/qdisk-agents $(DESTDIR)$(libexecdir)
	$(INSTALL) -d $(DESTDIR)$(schemadir)
	$(INSTALL) -m 644 cman-shim/cluster.rng $(DESTDIR)$(schemadir)
	$(INSTALL) -m 644 $B/libcman.so.3.0 $(DESTDIR)$(libdir)
	ln -sf libcman.so.3.0 $(DESTDIR)$(libdir)/libcman.so.3
	ln -sf libcman.so.3 $(DESTDIR)$(libdir)/libcman.so
	$(INSTALL) -m 644 include/libcman.h $(DESTDIR)$(includedir)
	sed 's|@prefix@|$(prefix)|; s|@libdir@|$(libdir)|; s|@includedir@|$(includedir)|; s|@VERSION@|$(VERSION)|' \
		cman-shim/libcman.pc.in > $B/libcman.pc
	$(INSTALL) -d $(DESTDIR)$(libdir)/pkgconfig
	$(INSTALL) -m 644 $B/libcman.pc $(DESTDIR)$(libdir)/pkgconfig
	$(INSTALL) -m 755 heuristics/qdisk-ping heuristics/qdisk-link heuristics/qdisk-san \
		heuristics/qdisk-owner $(DESTDIR)$(heuristicsdir)
	$(INSTALL) -D -m 755 heuristics/ocf-health $(DESTDIR)$(ocfdir)/qdisk/health
	sed 's|/usr/sbin/qdiskd|$(sbindir)/qdiskd|' qdiskd/qdiskd.service > $B/qdiskd.service
	$(INSTALL) -m 644 $B/qdiskd.service $(DESTDIR)$(unitdir)
	for s in 3 5 7 8; do for m in man/*.$$s; do [ ! -e "$$m" ] || \
		$(INSTALL) -m 644 "$$m" $(DESTDIR)$(mandir)/man$$s; done; done

.PHONY: clean help
clean:
	rm -rf build
help:
	@echo 'all            build (default)'
	@echo 'check          install what is missing, then all tests; ends with "N passed, N failed, N skipped"'
	@echo 'check-unit     pure tests, no root; under a minute'
	@echo 'check-sim      the engine in a simulated world: fixed seeds and named stories'
	@echo 'traces         write tests/traces anew, the stories that check-sim compares'
	@echo 'check-mutants  the core with one clause broken at a time: simulator or explorer must find each'
	@echo 'check-fuzz     every fuzz target for a few seconds, from the kept corpora'
	@echo 'fuzz           fuzz each target for SECONDS=180, or TARGET= alone; fuzz-corpus keeps what was found'
	@echo 'check-device   mkqdisk, aio and heuristics on loop devices and namespaces'
	@echo 'check-cluster  real corosync nodes in namespaces'
	@echo 'random         random faults on real corosync: SECONDS=180 SEED= CAMPAIGN= PLAN='
	@echo 'soak           soak-sim, soak-memory, soak-cman, explore, 30 minutes of random, a round of all, ten of failover'
	@echo 'soak-vm        the daemon under a real watchdog, in an emulated machine; three minutes and more'
	@echo 'explore        every order of events in a small world, up to some faults; ten minutes'
	@echo 'soak-sim       SECONDS=180 of seeds that nobody has simulated before, on all processors'
	@echo 'soak-memory    a million failed reads, ten thousand reloads, and no page more than before'
	@echo 'soak-cman      libcman, cman_tool and ccs_config_validate under valgrind, and with sanitizers'
	@echo 'rounds         ROUNDS=10 rounds of the cluster scenarios, the long ones too; ROUNDS_OF= some of them'
	@echo 'demo           three nodes and a LUN, live: death, last man standing, split'
	@echo 'demo-failover  Pacemaker and a web server on two nodes, seven faults: how long the page is away'
	@echo 'bench          cost of a cycle: I/O, system calls, allocations'
	@echo 'bench-failover power cut to service running, beside two_node and qnetd; a slow power switch'
	@echo 'lint           warnings, analysers, sanitizers, shell and man pages'
	@echo 'install        DESTDIR= prefix= sbindir= libdir= ... are respected'
	@echo 'clean          remove build/'
	@echo 'variables      CC CFLAGS LDFLAGS V=1 WERROR=1 SANITIZE=address,undefined'

-include $(shell find $B/obj -name '*.d' 2>/dev/null)
