#ifndef SWITCHHOOK_COPUS_SHIM_H
#define SWITCHHOOK_COPUS_SHIM_H

// What Swift cannot import: the variadic functions that settings are made with.

#include <opus.h>

// Settings of an encoder of speech with forward error correction; 1 where all were taken.
static inline int switchhook_opus_settings(OpusEncoder *encoder, opus_int32 bitrate, opus_int32 complexity) {
  return opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitrate)) == OPUS_OK
      && opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity)) == OPUS_OK
      && opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE)) == OPUS_OK
      && opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1)) == OPUS_OK;
}

// How many packets of a hundred are expected to be lost.
static inline int switchhook_opus_expected_loss(OpusEncoder *encoder, opus_int32 percent) {
  return opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(percent));
}

static inline int switchhook_opus_reset_decoder(OpusDecoder *decoder) {
  return opus_decoder_ctl(decoder, OPUS_RESET_STATE);
}

#endif
