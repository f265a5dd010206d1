#ifndef SWITCHHOOK_CSRTP_SHIM_H
#define SWITCHHOOK_CSRTP_SHIM_H

#include <srtp2/srtp.h>

#endif
