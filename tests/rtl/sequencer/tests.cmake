# 4, 8, 16 and 64 bytes a beat.
rtl_test(sequencer ${CMAKE_CURRENT_LIST_DIR}/sequencer_test.cpp tiny narrow zcu102 wide)
