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
qdiskd_src := qdiskd/main.c qdiskd/instance.c qdiskd/start.c qdiskd/agree.c qdiskd/moved.c qdiskd/restart.c qdiskd/ports.c qdiskd/ports_lun.c qdiskd/ports_run.c qdiskd/ports_agents.c qdiskd/ports_fence.c qdiskd/ports_watchdog.c qdiskd/snapshot.c \
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

# ---- Tests, by name ----

# unit programs, by what each is made of besides its own source; core: libqdcore.a
unit_mind := member member_verdict elect_bid elect_order elect_master elect_mask \
	vote vote_slow answer stale_vote mark mark_wait start own silence putoff putoff_word unfit stop instep evict evict_fence evict_lun reconfig score note
unit_engine := engine engine_ticks engine_express engine_ends engine_bounds engine_watch
unit_laws := laws laws_defaults laws_corosync laws_score
unit_corosync_conf := corosync_conf
unit_check := check check_shown
unit_format := format_box format_status format_label format_ext format_crc format_hostile latency
unit_core := $(unit_mind) $(unit_engine) $(unit_laws) $(unit_format)
unit_status := status status_socket status_file status_tool
unit_runner := runner runner_child
unit_log := log log_hung
unit_config := config config_valid
unit_clusterconf := clusterconf clusterconf_fence clusterconf_native clusterconf_nodes clusterconf_totem clusterconf_xml
unit_libcman := libcman libcman_parts cman_tool cman_tool_format
unit_rng := clusterconf_rng
unit_agents := agents
unit_cman_tool := cman_tool_conf
unit := $(unit_core) $(unit_check) $(unit_rng) $(unit_agents) $(unit_clusterconf) $(unit_corosync_conf) $(unit_libcman) $(unit_cman_tool) $(unit_status) $(unit_runner) $(unit_log) $(unit_config) fence fence_pacemaker cs_state cs_proof cs_word tool_history
mind_fixture_src := tests/unit/mind_fixture.c tests/unit/mind_scene.c
engine_fixture_src := tests/unit/engine_fixture.c tests/unit/mind_fixture.c
laws_fixture_src := tests/unit/laws_fixture.c
format_fixture_src := tests/unit/format_fixture.c
fence_fixture_src := tests/unit/fence_fixture.c tests/unit/real.c
status_fixture_src := tests/unit/status_fixture.c tests/unit/real.c
runner_fixture_src := tests/unit/runner_fixture.c tests/unit/real.c
log_fixture_src := tests/unit/log_fixture.c tests/unit/real.c
# with the part of the corosync hand that is pure
sim_src := $(sort $(wildcard tests/sim*.c)) qdiskd/cs_proof.c qdiskd/cs_word.c
# the simulated world alone, and what plays scripts in it
sim_world_src := $(filter-out tests/sim.c tests/sim_options.c tests/sim_words.c tests/sim_seeds.c tests/sim_tap.c \
	tests/sim_tell.c tests/sim_shrink.c tests/sim_golden.c tests/sim_tale%.c tests/sim_story%.c \
	tests/sim_legacy%.c tests/sim_found.c tests/sim_rare.c tests/sim_safety%.c tests/sim_self%.c,$(sim_src))
model_src := $(sort $(wildcard tests/model/*.c)) $(sim_world_src)
# optional: the simulator is twice as quick with it
sim_crc := $(shell $(PKG_CONFIG) --exists libdeflate && echo tests/quick_crc.c)
explore_src := $(sort $(wildcard tests/explore*.c)) qdiskd/cs_proof.c

rig_programs := sampler s1check mono nodereboot faultlun lunprobe fakedog mountwatch fetch
faultlun_src := tests/rig/faultlun.c tests/rig/faultlun_command.c tests/rig/faultlun_loop.c \
	tests/rig/faultlun_serve.c
cluster_programs := cs_probe cman_tool_probe cman_tool_qdev libcman_client libcman_limits model_probe
device_aio := test_aio test_aio_trouble
device_programs := $(device_aio) test_watchdog lun_tool

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
$(call obj,$(faultlun_src)): extra_cppflags = $(call pkg_cflags,fuse3)

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

# ---- Tests ----

T := $B/tests
unit_programs := $(unit:%=$T/unit/test_%)
helpers := $(rig_programs:%=$T/rig/%) $(cluster_programs:%=$T/cluster/%) \
	$(device_programs:%=$T/device/%) $T/model

.PHONY: tests
tests: all $(unit_programs) $T/sim $T/explore $(helpers)

$(unit_mind:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(mind_fixture_src)) $B/libqdcore.a
	$(call link,-lcmocka $(call pkg_libs,zlib))
$(unit_engine:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(engine_fixture_src)) $B/libqdcore.a
	$(call link,-lcmocka $(call pkg_libs,zlib))
$(unit_laws:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(laws_fixture_src)) $B/libqdcore.a
	$(call link,-lcmocka $(call pkg_libs,zlib))
$(unit_format:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(format_fixture_src)) $B/libqdcore.a
	$(call link,-lcmocka $(call pkg_libs,zlib))
$(unit_clusterconf:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(sort $(clusterconf_src) $(native_src)))
	$(call link,-lcmocka $(call pkg_libs,libxml-2.0))
$(unit_check:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o $(call obj,$(clusterconf_src) \
		qdiskd/tool_check_show.c qdiskd/tool_text.c) $B/libqdcore.a
	$(call link,-lcmocka $(call pkg_libs,libxml-2.0 zlib))
$(unit_rng:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o $(call obj,$(clusterconf_src) $(rng_src))
	$(call link,-lcmocka $(call pkg_libs,libxml-2.0))
$(unit_agents:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o $(call obj,$(agent_src))
	$(call link,-lcmocka $(call pkg_libs,libxml-2.0))
# reads cluster.conf, judges it, writes corosync.conf
$B/obj/tests/unit/test_corosync_conf.o $B/obj/tests/unit/test_clusterconf_rng.o $B/obj/tests/unit/test_check_shown.o: extra_cppflags = -DTESTS='"$(CURDIR)/tests"'
$(unit_corosync_conf:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(clusterconf_src)) $B/libqdcore.a
	$(call link,-lcmocka $(call pkg_libs,libxml-2.0 zlib))
$(unit_config:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(config_src) $(clusterconf_src)) $B/qdisk-readconf
	$(call link,-lcmocka $(call pkg_libs,libxml-2.0))
$(unit_runner:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(runner_fixture_src) $(runner_src))
	$(call link,-lcmocka)
$T/unit/test_fence $T/unit/test_fence_pacemaker: $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(fence_fixture_src) $(fence_src) $(runner_src))
	$(call link,-lcmocka)
$(unit_status:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(status_fixture_src) $(status_src) qdiskd/tool_ask.c qdiskd/tool_status.c qdiskd/tool_text.c qdiskd/format_text.c)
	$(call link,-lcmocka $(tool_libs))
$T/unit/test_tool_history: $(call obj,tests/unit/test_tool_history.c qdiskd/tool_history.c qdiskd/tool_text.c $(lun_src)) $B/libqdcore.a
	$(call link,-lcmocka $(call pkg_libs,blkid zlib))
$(unit_log:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(log_fixture_src) qdiskd/log.c qdiskd/log_writer.c)
	$(call link,-lcmocka $(call pkg_libs,libqb))
$T/unit/test_cs_proof: $(call obj,tests/unit/test_cs_proof.c qdiskd/cs_proof.c)
	$(call link,-lcmocka)
$T/unit/test_cs_word: $(call obj,tests/unit/test_cs_word.c qdiskd/cs_word.c)
	$(call link,-lcmocka)
$T/unit/test_cs_state: $(call obj,tests/unit/test_cs_state.c qdiskd/cs_state.c)
	$(call link,-lcmocka)
$(unit_libcman:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,$(libcman_src) cman-shim/cman_tool_options.c cman-shim/cman_tool_format.c)
	$(call link,-lcmocka $(libcman_libs))
$(unit_cman_tool:%=$T/unit/test_%): $T/unit/test_%: $B/obj/tests/unit/test_%.o \
		$(call obj,cman-shim/cman_tool_conf.c cman-shim/cman_tool_here.c cman-shim/cman_tool_say.c $(config_src)) $B/libqdcore.a
	$(call link,-lcmocka $(call pkg_libs,zlib))
# which commit a failing seed was found with: only the file that prints it is built again
.PHONY: FORCE
$B/commit.h: FORCE
	$(Q)mkdir -p $(@D); commit=$$(test -e .git && git describe --always --dirty 2>/dev/null) || commit=unknown; \
		echo "#define SIM_COMMIT \"$$commit\"" >$@.new; \
		if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$B/obj/tests/sim_tell.o: $B/commit.h
$B/obj/tests/sim_tell.o: extra_cppflags = -include $B/commit.h

$T/sim: $(call obj,$(sim_src) $(sim_crc)) $B/libqdcore.a
	$(call link,$(call pkg_libs,zlib $(sim_crc:tests/quick_crc.c=libdeflate)) -lm)

$T/model: $(call obj,$(model_src)) $B/libqdcore.a
	$(call link,$(call pkg_libs,zlib) -lm)
$T/explore: $(call obj,$(explore_src) $(sim_crc)) $B/libqdcore.a
	$(call link,$(call pkg_libs,zlib $(sim_crc:tests/quick_crc.c=libdeflate)))

$T/rig/sampler $T/rig/mono $T/rig/nodereboot $T/rig/s1check $T/rig/mountwatch $T/rig/fetch: $T/rig/%: $B/obj/tests/rig/%.o
	$(call link,$(if $(filter sampler,$*),$(call pkg_libs,libquorum)))
$T/rig/faultlun: $(call obj,$(faultlun_src))
	$(call link,$(call pkg_libs,fuse3) -lm)
$T/rig/lunprobe: $(call obj,tests/rig/lunprobe.c)
	$(call link,-laio)
$(call obj,tests/rig/fakedog.c): extra_cppflags = $(call pkg_cflags,fuse3)
$T/rig/fakedog: $(call obj,tests/rig/fakedog.c)
	$(call link,$(call pkg_libs,fuse3))
$T/cluster/cs_probe: $(call obj,tests/cluster/cs_probe.c $(cs_src))
	$(call link,$(cs_libs) -lpthread)
$T/cluster/model_probe: $(call obj,tests/cluster/model_probe.c)
	$(call link,$(call pkg_libs,libvotequorum))
$T/cluster/cman_tool_probe $T/cluster/cman_tool_qdev: $T/cluster/%: $B/obj/tests/cluster/%.o $B/libcman.so.3
	$(call link,$(cs_libs) -L$B -lcman -Wl$(comma)-rpath$(comma)$(CURDIR)/$B)
# as a program of old was built: no more than -Wall, and -lcman
$T/cluster/libcman_client $T/cluster/libcman_limits: $T/cluster/%: tests/cluster/%.c include/libcman.h $B/libcman.so.3
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -Wall $(if $(WERROR),-Werror) $(CFLAGS) -Iinclude -o $@ $< $(LDFLAGS) -L$B -lcman -Wl$(comma)-rpath$(comma)$(CURDIR)/$B
$(device_aio:%=$T/device/%): $T/device/%: $B/obj/tests/device/%.o \
		$(call obj,tests/device/aio_lun.c tests/unit/real.c qdiskd/aio.c)
	$(call link,-lcmocka -laio)
$T/device/test_watchdog: $(call obj,tests/device/test_watchdog.c qdiskd/watchdog.c)
	$(call link,-lcmocka)
$T/device/lun_tool: $(call obj,tests/device/lun_tool.c $(lun_src)) $B/libqdcore.a
	$(call link,$(call pkg_libs,blkid zlib))

check_unit := $(unit_programs) tests/undefined.sh tests/floors.sh tests/docs.sh
check_sim := $T/sim-check tests/sim_command.sh $T/model-check $T/explore-check
check_mutants := tests/mutants.sh tests/explore_mutants.sh
check_device := $(device_aio:%=$T/device/%) $T/device/test_watchdog $(sort $(wildcard tests/device/*.sh)) \
	$(sort $(wildcard tests/heuristics/*.sh))
fuzz_targets := label block box engine mind clusterconf wire facts reply status request answer agent metadata \
	discover probe host words word cpg data
fuzz_src := tests/fuzz/fuzz.c tests/fuzz/fuzz_params.c $(fuzz_targets:%=tests/fuzz/fuzz_%.c)
check_fuzz := tests/fuzz/smoke.sh
check_cman := $(sort $(wildcard tests/cluster/cman_tool_*.sh tests/cluster/libcman_*.sh))
check_cluster := tests/rig/s1check_test.sh tests/rig/faultlun_test.sh \
	$(filter-out tests/cluster/cluster.sh $(check_cman),$(sort $(wildcard tests/cluster/*.sh)))
# these mostly wait, and how long is no matter
pairs := -j 2
# programs and helpers of the shell tests
run := CMAN_TOOL=$(CURDIR)/$B/cman_tool CMAN_TOOL_PROBE=$(CURDIR)/$T/cluster/cman_tool_probe \
	CMAN_TOOL_QDEV=$(CURDIR)/$T/cluster/cman_tool_qdev LIBCMAN_DIR=$(CURDIR)/$B \
	MKQDISK=$(CURDIR)/$B/mkqdisk LUN_TOOL=$(CURDIR)/$T/device/lun_tool \
	FAKEDOG=$(CURDIR)/$T/rig/fakedog RIG_BUILD=$(CURDIR)/$B BUILD=$(CURDIR)/$B QDISK_LIBEXECDIR=$(CURDIR)/$B FUZZ_TARGETS="$(fuzz_targets)" tests/run

# `check` installs what is missing first; the others only run.
.PHONY: check check-run check-unit check-sim check-mutants check-device check-cluster
check:
	$(Q)tests/packages.sh
	$(Q)$(MAKE) --no-print-directory check-run
check-run: tests fuzz-programs
	$(Q)$(run) $(pairs) $(check_unit) $(check_device) $(check_cman) -j 1 \
		$(check_sim) $(check_mutants) $(check_fuzz) $(check_cluster)
check-unit: $(unit_programs) all
	$(Q)$(run) $(pairs) $(check_unit)
check-sim: $T/sim $T/model $T/explore
	$(Q)$(run) $(check_sim)
check-mutants: $T/sim $T/explore
	$(Q)$(run) $(check_mutants)
check-fuzz: fuzz-programs
	$(Q)$(run) $(check_fuzz)
check-device: all $(device_programs:%=$T/device/%) $T/rig/fakedog
	$(Q)$(run) $(pairs) $(check_device)
check-cluster: all $(helpers)
	$(Q)$(run) $(pairs) $(check_cman) -j 1 $(check_cluster)

# the simulator as one test program, its model of corosync as another, and the explorer
tests check-sim: $(check_sim)
$T/model-check: $T/model Makefile $(wildcard tests/model/*.txt)
	$(Q)printf '#!/bin/sh\nexec %s --tap %s\n' '$(CURDIR)/$T/model' '$(sort $(wildcard $(CURDIR)/tests/model/*.txt))' > $@ && chmod +x $@
$T/sim-check: $T/sim Makefile
	$(Q)printf '#!/bin/sh\nexec %s --tap --traces %s\n' '$(CURDIR)/$T/sim' '$(CURDIR)/tests/traces' > $@ && chmod +x $@

$T/explore-check: $T/explore Makefile
	$(Q)printf '#!/bin/sh\nexec %s --tap\n' '$(CURDIR)/$T/explore' > $@ && chmod +x $@

# every order of events in a small world: ten minutes on two processors; prints the table
.PHONY: explore
explore: $T/explore
	$(Q)$T/explore --all

# write the traces anew that check-sim compares; read what changed before you keep it
.PHONY: traces
traces: $T/sim
	$(Q)$T/sim --write-traces tests/traces

# random faults on real corosync for so many seconds; SEED=, CAMPAIGN= and PLAN= replay
SECONDS ?= 180
random := RIG_BUILD=$(CURDIR)/$B RANDOM_SEED=$(SEED) RANDOM_CAMPAIGN=$(CAMPAIGN) RANDOM_PLAN=$(PLAN) \
	tests/cluster/95_random.sh
.PHONY: random soak soak-vm rounds
random: all $(helpers)
	$(Q)RANDOM_SECONDS=$(SECONDS) $(random)
soak: all $(helpers) soak-sim soak-memory soak-cman explore
	$(Q)RANDOM_SECONDS=1800 $(random)
	$(Q)$(MAKE) --no-print-directory rounds ROUNDS_OF="$(wildcard tests/cluster/1[5-8]0_*.sh)"

# a million failed reads and ten thousand reloads, and no page more than before; minutes
.PHONY: soak-memory
soak-memory: all $T/device/test_aio_trouble $T/unit/test_config
	$(Q)QDISK_TEST_READS=1000000 QDISK_TEST_RELOADS=10000 $(run) $T/device/test_aio_trouble $T/unit/test_config

# the daemon under a real watchdog, in an emulated machine: three to ten minutes
soak-vm: all
	$(Q)tests/packages.sh --vm
	$(Q)BUILD=$(CURDIR)/$B tests/run -t 3000 tests/vm/vm.sh

# libcman and the programs over it: under valgrind, where waiting is all they do; then built
# with sanitizers, beside a corosync and a qdiskd that are not
.PHONY: soak-cman soak-cman-sanitized
memcheck := valgrind -q --vgdb=no --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite
soak-cman: all $(helpers)
	$(Q)LIBCMAN_UNDER="$(memcheck) --log-file=@/%p" $(run) $(filter %_data.sh %_notify.sh %_stop.sh %_old.sh,$(check_cman))
	$(Q)LIBCMAN_UNDER="$(memcheck) --error-exitcode=9" $(run) tests/device/ccs_config_validate.sh
	$(Q)$(MAKE) --no-print-directory SANITIZE=address,undefined LIBCMAN_BESIDE=$(CURDIR)/$B soak-cman-sanitized
soak-cman-sanitized: $B/cman_tool $B/fence_node $B/ccs_config_validate $B/qdisk-readconf $(cluster_programs:%=$T/cluster/%)
	$(Q)$(run) tests/device/ccs_config_validate.sh
	$(Q)LIBCMAN_FROM=$(CURDIR)/$B LIBCMAN_CLIENT=$(CURDIR)/$T/cluster/libcman_client \
		$(subst RIG_BUILD=$(CURDIR)/$B,RIG_BUILD=$(LIBCMAN_BESIDE),$(run)) $(filter-out %_abi.sh %_old.sh,$(check_cman))

# every cluster scenario ROUNDS times; stops at the first failure
ROUNDS ?= 10
ROUNDS_OF ?= $(filter-out %_random.sh,$(check_cluster)) $(check_cman)
rounds: all $(helpers)
	$(Q)for i in $$(seq $(ROUNDS)); do echo "round $$i"; \
		TESTS_TELL=1 RIG_LONG=1 $(run) $(ROUNDS_OF) || exit 1; done

# seeds that nobody has run before, on all processors, for so many seconds
.PHONY: soak-sim
soak-sim: $T/sim
	$(Q)$T/sim --seeds fresh --jobs $$(nproc) --seconds $(SECONDS)

# ---- Fuzzing: make fuzz [TARGET=label] [SECONDS=180] ----

F := $B
$(call obj,tests/fuzz/fuzz_clusterconf.c): extra_cppflags = $(call pkg_cflags,libxml-2.0)
fuzz_obj = $(call obj,$(1:%=tests/fuzz/fuzz_%.c) tests/fuzz/fuzz.c)
define fuzz_link
	$(call link,-fsanitize=fuzzer $(1))
endef
$F/label $F/block $F/engine $F/mind: $F/%: $(call obj,tests/fuzz/fuzz.c) $B/obj/tests/fuzz/fuzz_%.o $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,zlib))
$F/box: $(call fuzz_obj,box) $(call obj,qdiskd/tool_history.c qdiskd/tool_text.c $(lun_src)) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,blkid zlib))
$F/clusterconf: $(call fuzz_obj,clusterconf) $(call obj,tests/fuzz/fuzz_params.c qdiskd/config_valid.c $(clusterconf_src)) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,libxml-2.0 zlib))
$F/metadata: $(call fuzz_obj,metadata) $(call obj,$(agent_src)) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,libxml-2.0 zlib))
$F/wire: $(call fuzz_obj,wire) $(call obj,tests/fuzz/fuzz_params.c $(config_src)) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,zlib))
$F/facts: $(call fuzz_obj,facts) $(call obj,tests/fuzz/fuzz_params.c qdiskd/cs_facts.c qdiskd/cs_native.c qdiskd/cs_state.c qdiskd/config_valid.c $(native_src)) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,zlib))
$F/reply: $(call fuzz_obj,reply) $(call obj,qdiskd/tool_ask.c qdiskd/tool_status.c qdiskd/tool_text.c) $B/libqdcore.a
	$(call fuzz_link,$(tool_libs) $(call pkg_libs,zlib))
$F/status: $(call fuzz_obj,status) $(call obj,$(status_src) qdiskd/tool_ask.c qdiskd/tool_status.c qdiskd/tool_text.c) $B/libqdcore.a
	$(call fuzz_link,$(tool_libs) $(call pkg_libs,zlib))
$F/discover $F/probe: $F/%: $(call obj,tests/fuzz/fuzz.c) $B/obj/tests/fuzz/fuzz_%.o $(call obj,$(filter-out qdiskd/discover.c,$(lun_src))) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,blkid zlib))
$F/words: $(call fuzz_obj,words) $(call obj,qdiskd/cs_state.c cman-shim/libcman_text.c cman-shim/libcman_wire.c $(lun_src)) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,blkid zlib))
$F/word: $(call fuzz_obj,word) $(call obj,qdiskd/cs_word.c) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,zlib))
$F/cpg: $(call fuzz_obj,cpg) $(call obj,qdiskd/cs_proof.c qdiskd/cs_state.c qdiskd/cs_word.c) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,libcorosync_common zlib))
$F/data: $(call fuzz_obj,data) $(call obj,$(filter-out cman-shim/libcman_data.c,$(libcman_src))) $B/libqdcore.a
	$(call fuzz_link,$(libcman_libs) $(call pkg_libs,zlib))
$F/request: $(call fuzz_obj,request) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,zlib))
$F/answer: $(call fuzz_obj,answer) $(call obj,qdiskd/tool_fence.c qdiskd/tool_text.c) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,zlib))
$F/agent: $(call fuzz_obj,agent) $(call obj,qdiskd/fence_agents.c qdiskd/fence_pacemaker.c qdiskd/fence_secret.c qdiskd/runner_spawn.c) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,zlib))
$F/host: $(call fuzz_obj,host) $(call obj,$(lun_src)) $B/libqdcore.a
	$(call fuzz_link,$(call pkg_libs,blkid zlib))
.PHONY: fuzz-programs fuzz fuzz-corpus check-fuzz
ifdef FUZZ
fuzz-programs: $(fuzz_targets:%=$F/%)
else
fuzz-programs:
	$(Q)$(MAKE) --no-print-directory FUZZ=1 fuzz-programs
endif
# each target for SECONDS, or TARGET= alone; what it finds goes on from there next time
TARGET ?= $(fuzz_targets)
fuzz: fuzz-programs
	$(Q)tests/fuzz/fuzz.sh run $(SECONDS) $(TARGET)
# is every byte defined that goes to the LUN? The same inputs under clang's memory
# sanitizer, and the unit programs of codec and cycle under valgrind
.PHONY: lint-memory
fuzz_memory := label block engine mind
ifdef FUZZ
lint-memory: $(fuzz_memory:%=$F/%)
	$(Q)FUZZ_BUILD=$(CURDIR)/$B tests/fuzz/fuzz.sh run 10 $(fuzz_memory)
else
memory_programs := $(unit_format:%=$T/unit/test_%) $(unit_engine:%=$T/unit/test_%)
lint-memory: $(memory_programs)
	$(Q)$(MAKE) --no-print-directory FUZZ=1 MEMORY=1 lint-memory
	$(Q)for p in $(memory_programs); do \
		valgrind -q --error-exitcode=9 --leak-check=full $$p >$B/memory.out 2>&1 || { tail -n 40 $B/memory.out; exit 1; }; \
		echo "ok    valgrind $${p##*/}"; done
endif
# the kept inputs anew, from all that were found; read what changed before you keep it
fuzz-corpus: fuzz-programs
	$(Q)tests/fuzz/fuzz.sh corpus $(TARGET)

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
	@echo 'soak           soak-sim, soak-memory, soak-cman, explore, 30 minutes of random, ten rounds of failover'
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
