/* What configuration and corosync's facts may lead to: values in force that hold, or
 * findings that say why not. */
#ifndef FUZZ_PARAMS_H
#define FUZZ_PARAMS_H

#include "qd_config.h"

/* The values in force, until the next call; NULL: refused. */
const struct qd_params *fuzz_params_check(const struct qd_config *config, const struct qd_facts *facts);

#endif
