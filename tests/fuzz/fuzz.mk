# The fuzz targets, and what each is made of; included by the Makefile. What outside input each
# one stands for: README.

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
