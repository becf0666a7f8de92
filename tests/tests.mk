# What tests/ is built into, and the targets that run it; included by ../Makefile, whose
# variables and rules it uses. Paths are from there.

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
$(call obj,$(faultlun_src)): extra_cppflags = $(call pkg_cflags,fuse3)
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
$T/model-check: $T/model tests/tests.mk $(wildcard tests/model/*.txt)
	$(Q)printf '#!/bin/sh\nexec %s --tap %s\n' '$(CURDIR)/$T/model' '$(sort $(wildcard $(CURDIR)/tests/model/*.txt))' > $@ && chmod +x $@
$T/sim-check: $T/sim tests/tests.mk
	$(Q)printf '#!/bin/sh\nexec %s --tap --traces %s\n' '$(CURDIR)/$T/sim' '$(CURDIR)/tests/traces' > $@ && chmod +x $@

$T/explore-check: $T/explore tests/tests.mk
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
	$(Q)$(MAKE) --no-print-directory rounds ROUNDS=1
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
