# Whole programs. The models of the overlays are built by the tests that need them first.
function(cosim_program name)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE heddle_runtime heddle_codegen heddle_reference GTest::gtest_main GTest::gmock)
  target_compile_options(${name} PRIVATE -Wno-missing-field-initializers)
  target_compile_definitions(${name} PRIVATE HEDDLE_TESTS_DIR="${CMAKE_SOURCE_DIR}/tests"
                                             HEDDLE_COSIM_FOLDER="${CMAKE_BINARY_DIR}/cosim")
  gtest_discover_tests(${name} TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS rtl ENVIRONMENT HEDDLE_COSIM_DIR=${CMAKE_BINARY_DIR}/cosim)
endfunction()

cosim_program(rtl_cosim ${CMAKE_CURRENT_LIST_DIR}/cosim_test.cpp ${CMAKE_CURRENT_LIST_DIR}/fault_test.cpp)
cosim_program(rtl_campaign ${CMAKE_CURRENT_LIST_DIR}/campaign_test.cpp)
