# The backend for cards on a card of which only the overlay is real: it is Verilated.
rtl_program_test(rtl_card ${CMAKE_CURRENT_LIST_DIR}/card_test.cpp)
