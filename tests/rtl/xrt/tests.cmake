# The backend for cards on a card of which only the overlay is real: it is Verilated.
add_executable(rtl_card ${CMAKE_CURRENT_LIST_DIR}/card_test.cpp)
target_include_directories(rtl_card PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(rtl_card PRIVATE heddle_runtime heddle_codegen heddle_reference GTest::gtest_main GTest::gmock)
target_compile_options(rtl_card PRIVATE -Wno-missing-field-initializers)
target_compile_definitions(rtl_card PRIVATE HEDDLE_TESTS_DIR="${CMAKE_SOURCE_DIR}/tests" HEDDLE_COSIM_FOLDER="${CMAKE_BINARY_DIR}/cosim")
gtest_discover_tests(rtl_card TEST_PREFIX rtl_card. DISCOVERY_TIMEOUT 60 PROPERTIES LABELS rtl)
